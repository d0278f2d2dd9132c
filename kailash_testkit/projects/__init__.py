"""What the source of a user's project shows: its DataFlow instances, its applications, the variables that it reads.

Source is read as text here (`ast`), and nothing of the project is imported. What it shows is a guess, which whoever
uses it confirms by trying. What is not here: settings of pytest, and what is written (`command_line`).
"""
