"""Work on a whole DagRun: its beginning, its end, and doing parts of it again."""
