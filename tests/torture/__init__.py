"""Torture: what the web, content, the clock, kills and full disks do to a monitor, in the numbers that it must bear.

    make torture            the full figures, group by group; exits 1 when one is not reached
    make test               a sample of each, from the same code (test_torture.py)

A suite is a function that tries so many cases and tells what failed. One module a group; `bench` counts and prints.
"""
