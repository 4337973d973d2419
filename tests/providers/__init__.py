"""Provider distributions over the authoring package."""
