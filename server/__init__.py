"""What stands between the network and Daphne: how long, how much and how many, before a request is anybody's.

Daphne takes in a request whole before the application hears of it, however large and however slow, and takes every
answer from the application at once, however slowly it is read. So all of that is bounded here; `docs/decisions` has
the figures. The promises stand with what keeps them: `channel` for one connection, `connections` for all of them.
"""
