"""`python -m sembla`."""

import sys

from sembla.cli import main

if __name__ == "__main__":
    sys.exit(main())
