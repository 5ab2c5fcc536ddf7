"""A picture of what comes before what: layers from left to right, drawn without a browser.

Pure functions from ids and edges to geometry. An edge (a, b) says that a comes before b. The steps are those of
Sugiyama, Tagawa and Toda (1981): turn circles open, give each node a layer, order the layers so that few edges cross,
give each node a height. Each has a module; `picture` puts them together.
"""
