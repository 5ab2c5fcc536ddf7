"""Layered drawing of a dependency graph, from left to right, computed on the server.

Pure functions from ids and edges to geometry. An edge (a, b) means that a comes before b. The steps are those of
Sugiyama, Tagawa and Toda (1981): break cycles, assign layers, order the layers to reduce crossings, assign heights.
Each step has a module; `picture` combines them.
"""
