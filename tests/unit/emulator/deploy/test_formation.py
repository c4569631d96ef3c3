"""A template is given to CloudFormation in the way that its size asks for."""

from typing import Any
from unittest.mock import MagicMock

from wavetank.emulator.deploy.formation import Formation
from wavetank.pipeline.template.render import MOST_BYTES_INLINE


def test_a_template_that_is_too_long_for_a_request_is_given_by_url() -> None:
    s3: Any = MagicMock()
    s3.generate_presigned_url.return_value = "http://127.0.0.1:1/artifacts/wavetank.template.json?signed"
    stack: Any = MagicMock(client=lambda _service: s3)
    formation = Formation(stack, "wavetank")
    small: dict[str, Any] = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    assert formation.argument(small, "artifacts").keys() == {"TemplateBody"}
    s3.put_object.assert_not_called()
    large = small | {"Description": "x" * MOST_BYTES_INLINE}
    assert formation.argument(large, "artifacts") == {
        "TemplateURL": "http://127.0.0.1:1/artifacts/wavetank.template.json"
    }
    assert s3.put_object.call_args.kwargs["Key"] == "wavetank.template.json"
