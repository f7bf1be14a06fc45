"""How fast the program is, and what it needs: every figure beside its target, ours beside a floor, in one run.

    site    a newsroom on loopback: listings of 100 KB that answer 304, change, or bring an article
    floor   the least that fetches, parses and stores the same pages
    ours    `brand-monitor check` over them, on a history that knows what stands there
    parts   what the time of one check goes into

`make bench` runs all of it; docs/performance.md has results and method.
"""
