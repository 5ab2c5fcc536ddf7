"""Producers inside this project: readers of other systems' data, the simulation and the demo. All publish through
`ingest`.
"""
