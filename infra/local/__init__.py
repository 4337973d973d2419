"""The embedded local AWS, and the Step Functions engine that it shares with the tests."""
