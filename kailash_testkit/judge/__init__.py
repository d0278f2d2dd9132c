"""The judge: whether what requests answered is what they did to the rows.

`cases` puts each request together with the rows that it changed (`attributing` says whose changes are whose), `answers`
with those that it shows. `checks` are the named checks over a case, `allowances` what a project takes for right,
`judging` holds one against the other, `baseline` what is known already, `findings` what comes of it. `failpoints` plans
writes that are refused on purpose, and judges what comes of that. `comparing` says whether a value that was sent, shown
or stored is the same, `bodies` how APIs wrap their answers: resources use both.
Not here: where requests are observed (`asgi`, `internals`), and how findings are told (`pytest_plugin`).
"""
