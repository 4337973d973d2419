"""The Step Functions API around the engine: `service.StepFunctions(...).handle(action, request)`."""
