"""A Marcus installation on disk, read as a stream of canonical events: each act once, whichever files tell of it.

- installation: which files there are
- logs: the logs of an installation, how far each has been read, and the records of their new lines
- lines, contents, occurrences: the complete lines of a growing file, compressed or not, and which of its kind each is
- places: how far a file has been read; a copy of it is known by that
- repairs: the records of damaged lines
- times: times without a zone
- databases, rows: SQLite read without a lock or a trace; the events that Marcus keeps there
- board: the tables of the kanban board
- records: a line or a row as Marcus wrote it
- sightings, conversations: what a record says, in our words
- acts: the sightings of one act, joined
- blockers: what follows from a blocker: an answer, the board's word
- events: an act as an event
- recall: which acts the log holds already
- lateness: which acts are told after what came of them
- reader: one look over all of it
- publisher, turns: the way into the log, for one at a time
- follower, changes: look, publish, wait, look again
- following_state: what a follower says of itself
"""
