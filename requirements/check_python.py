"""Says in one line when this Python, or this platform, has no packages that TensorFlow publishes; the status is then 1.

It runs before anything is installed, so it needs nothing but Python 3.6.
"""

import platform
import sys

# As `requires-python` in pyproject.toml, and as the wheels of TensorFlow 2.21.
OLDEST, BEYOND = (3, 11), (3, 14)
MACHINES = {
    "linux": ("x86_64", "aarch64"),
    "darwin": ("arm64",),
    "win32": ("AMD64",),
}

if not OLDEST <= sys.version_info[:2] < BEYOND:
    found = platform.python_version()
    sys.exit(f"lenet needs Python 3.11, 3.12 or 3.13, this is {found}; name another: make PYTHON=python3.13")
if platform.machine() not in MACHINES.get(sys.platform, ()):
    found = f"{sys.platform} {platform.machine()}"
    sys.exit(f"TensorFlow has no package for {found}; pip install lenet (without train) reads and serves there")
