"""The server: Daphne with limits on requests, answers and connections, and the services that a process runs.

Daphne reads a request whole before the application hears of it, however large and slow it is, and takes every answer
from the application at once, however slowly its client reads. `limits` has what is limited here, and why.
"""
