"""Writing the module of typed factories for an application's models.

Here live the words for models (`names`), declared types as source code (`types`), what the module
imports (`imports`), lines of the right length (`layout`), the text of the module (`module`), and the
comparison with the file that is checked in (`drift`). Not here: arguments, files, and the import of the
application (`command_line`). Importing it imports neither kailash nor dataflow.
"""
