"""Imported by the server from which children are forked: what reads is loaded there, once for all of them."""

import gc

from monitor.lean import seldom
from monitor.visits import prepare

seldom()
prepare()
gc.freeze()  # else the children's collectors touch all of it, and each gets a copy of its own
