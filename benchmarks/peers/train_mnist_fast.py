"""The fastest published recipe for MNIST, `train_mnist_fast`, rebuilt in PyTorch from its description.

    python benchmarks/peers/train_mnist_fast.py SEED

Convolution 24×5×5, pooling, ReLU, convolution 32×3×3, pooling, ReLU, dense 256, dense 10; one epoch in batches of 256,
Adam 0.01 with betas 0.7 and 0.9, one-cycle, all data in memory. Its author reports 99.04 ± 0.07 % on the official test
images. Prints one JSON line.
"""

import json
import sys
import time

import torch
from torch import nn

from lenet import load_dataset
from lenet.processor import usable_cores

BATCH = 256

torch.manual_seed(int(sys.argv[1]))
torch.set_num_threads(usable_cores())
parts = load_dataset("mnist").split("60000:10000")
images, test_images = (torch.tensor(part.images[:, None, :, :, 0]).float() / 255 for part in (parts.train, parts.test))
labels, test_labels = (torch.tensor(part.labels).long() for part in (parts.train, parts.test))
mean, spread = images.mean(), images.std()
images, test_images = (images - mean) / spread, (test_images - mean) / spread

network = nn.Sequential(
    nn.Conv2d(1, 24, 5),
    nn.MaxPool2d(2),
    nn.ReLU(),
    nn.Conv2d(24, 32, 3),
    nn.MaxPool2d(2),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(800, 256),
    nn.ReLU(),
    nn.Linear(256, 10),
)
steps = -(-len(images) // BATCH)
optimizer = torch.optim.Adam(network.parameters(), lr=0.01, betas=(0.7, 0.9))
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=steps, cycle_momentum=False)
loss_of = nn.CrossEntropyLoss()

started = time.perf_counter()
for batch in torch.randperm(len(images)).split(BATCH):
    loss = loss_of(network(images[batch]), labels[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
seconds = time.perf_counter() - started
with torch.no_grad():
    right = (network.eval()(test_images).argmax(1) == test_labels).float().mean().item()
parameters = sum(weight.numel() for weight in network.parameters())
print(json.dumps({"accuracy": right, "n": len(test_labels), "parameters": parameters, "seconds": seconds}))
