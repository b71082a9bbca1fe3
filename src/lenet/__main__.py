"""``python -m lenet``: the same as the ``lenet`` command."""

from lenet.cli.main import main

if __name__ == "__main__":
    main()
