"""Pictures of a recording: pure functions from a trace or a record to a film or a figure."""
