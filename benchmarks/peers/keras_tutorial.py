"""The tutorial's training as its reader would write it today: stock Keras 3, nothing tuned.

    python benchmarks/peers/keras_tutorial.py SEED EPOCHS

Two thirds of the 70,000 pictures train, one third tests. Prints one JSON line.
"""

import json
import sys
import time

import keras
import numpy as np
from keras import layers

from lenet import load_dataset

seed, epochs = int(sys.argv[1]), int(sys.argv[2])
keras.utils.set_random_seed(seed)
# The pictures and the split come from lenet, so that both train on the same; all else is Keras's own.
parts = load_dataset("mnist").split("2:1", seed)
images = parts.train.images.astype("float32") / 255.0
labels = keras.utils.to_categorical(parts.train.labels, 10)

model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(20, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(2, strides=2),
        layers.Conv2D(50, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(2, strides=2),
        layers.Flatten(),
        layers.Dense(500, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(0.01), metrics=["accuracy"])
started = time.perf_counter()
model.fit(images, labels, batch_size=128, epochs=epochs, verbose=0)
seconds = time.perf_counter() - started
answers = model.predict(parts.test.images.astype("float32") / 255.0, batch_size=512, verbose=0).argmax(axis=1)
accuracy, n = float(np.mean(answers == parts.test.labels)), len(answers)
print(json.dumps({"accuracy": accuracy, "n": n, "parameters": model.count_params(), "seconds": seconds}))
