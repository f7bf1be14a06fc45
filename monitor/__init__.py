"""brand-monitor: watches brand news and reports what changed, each with the sentence that says so."""

import os

# One thread for numpy's matrices: ours are small, and in each child that reads pages there would be as many threads as
# the machine has cores, waiting for each other and each with memory of its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
