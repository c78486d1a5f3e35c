"""Great Expectations is imported without the plots and statistics that nothing here asks for."""

from __future__ import annotations

import subprocess
import sys

from acv_pipeline.contract.model import SQL_PROJECT

CODE = """
import gc, sys
import pandas as pd
from acv_pipeline.quality.expectations import UNUSED, _batch_definition, failures
from acv_pipeline.quality.rule import between
frame = pd.DataFrame({"a": [1, 2, 2], "b": ["x", "y", "y"]})
assert failures(frame, [between("a", 2, None)])[0][0].positions == [0]
assert not {"altair.vegalite", "scipy.stats.distributions"} & sys.modules.keys()
assert gc.isenabled()

# they are there for whoever asks
import great_expectations as gx
assert set(UNUSED) <= sys.modules.keys()
batch = _batch_definition().get_batch({"dataframe": frame})
expected = {"values": ["x", "y"], "weights": [0.3, 0.7]}
result = batch.validate(gx.expectations.ExpectColumnKLDivergenceToBeLessThan(
    column="b", partition_object=expected, threshold=0.1))
assert result.success, result
assert "scipy.stats.distributions" in sys.modules
"""


def test_what_is_not_used_is_not_loaded_and_still_works() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True, cwd=SQL_PROJECT.parent)
