"""Work on one task instance: a module for each kind that the machine asks for (`task_function.KINDS`), and what they
share."""
