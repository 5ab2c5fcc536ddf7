"""A Marcus installation on disk, read as a stream of canonical events: each act once, whichever files tell of it.

installation   which files there are lines          complete lines of a growing file        databases   rows,
without locking or writing anything records        a line or a row as Marcus wrote it      board       the
tables of the kanban board sightings      what a record says, in our words        conversations   the same for
what agents and Marcus said acts           the sightings of one act, joined        blockers    what follows from
one: an answer, the board's word events         an act as an event                      reader      one look
over all of it follower       look, publish, wait, look again
"""
