"""Every parser of what comes from elsewhere, fed with what nobody would send.

``python -m tests.fuzz`` lists the targets, ``python -m tests.fuzz TARGET --seconds 600`` runs one
by atheris, which is guided by what code an input reaches. What breaks a target is left in its
corpus, which the short form in CI starts from as well; what else it found lies in test-output/fuzz.
"""
