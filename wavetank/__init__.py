"""wavetank: a serverless event pipeline, the emulator that runs it on a laptop, and the drills that prove it.

`wavetank.pipeline` ships to AWS, `wavetank.emulator` is the stack, `wavetank.scenarios` has the drills and the command.
In a checkout these are links to the folders beside this one; in an installed distribution they are folders.
"""

from pathlib import Path

if Path(__file__).with_name("pipeline").is_file():
    raise ImportError(
        "this checkout has no symbolic links: wavetank/pipeline is a file and should lead to ../pipeline. "
        "Run `git config core.symlinks true && git checkout -- wavetank` in it."
    )
