"""What is told of tests: the section in the report of a failed one, and the files that options ask for.

`facts` is the data, which JSON can hold, so that a pytest-xdist worker can send it. `collecting` looks it up while the
rows are still there. `section` renders the text, `properties` what JUnit files get, `json_file` and `html` the files;
each from the facts alone. `plugin` has the hooks. Not here: the errors themselves (`reports`).
"""
