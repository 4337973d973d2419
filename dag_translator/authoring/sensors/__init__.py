"""The sensors whose poke() runs in a Lambda."""
