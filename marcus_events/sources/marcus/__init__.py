"""Reads a Marcus installation on disk as a stream of canonical events, one event per act.

Marcus writes the same act to several files. The stages, in the order of the data:

- installation, log_files, log_lines, decompression, file_positions, line_repairs, line_occurrences: log files and their
  complete lines
- sqlite_files, event_rows, board, cards, task_outcomes: Marcus's SQLite databases, read without locks
- records, naive_times, sightings, conversations: one line or row, its time, and the act it reports
- acts, agent_requests, marcus_replies, blocker_severity: acts joined from their sightings, and Marcus's replies
- act_events, lateness, published_acts, reconciliation: events to publish
- reader, publisher, follow_lock: one scan, and the writes to the log
- follower, follower_state, change_watch: repeated scans of one installation
- folder_followers, folder_leases, folder_state, folder_check: the folders that the server follows
- comparison: Marcus's board compared with the projected tables
"""
