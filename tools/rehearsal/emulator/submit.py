"""Submits a job to the Spark application and leaves it running: ``python -m emulator.submit ENDPOINT REGION STACK``."""

import sys

from .smoke import Deployed, submitted

if __name__ == "__main__":
    submitted(Deployed(*sys.argv[1:]))
