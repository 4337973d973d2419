"""The parts of the lowering pass (`dag_translator.lower`): what is known at a point, guards, Lambda calls, joins."""
