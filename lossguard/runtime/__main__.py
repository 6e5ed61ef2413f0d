"""The process in which a user's script runs; `lossguard run` starts it."""

import sys

from lossguard.runtime.script import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
