"""CloudFormation: makes what moto's leaves out, refuses what nobody thought of, and gives the same names at every start."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from botocore.exceptions import BotoCoreError
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel

from local.patches import Method, wrap
from local.resource_properties import unknown
from local.resource_types import ATTRIBUTES, COMPLETED, MADE, REFERENCES, WITHOUT_EFFECT, Made
from local.server import LocalCloud

log = logging.getLogger(__name__)


class Resource:
    """A resource that was made by a call of its service's API, or one that has no effect on one machine."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self.physical_resource_id = made.reference

    def get_cfn_attribute(self, name: str) -> str:
        return self._made.attributes.get(name, f"{self._made.reference}-{name.lower()}")

    def is_created(self) -> bool:
        return True


def install(cloud: LocalCloud) -> None:
    """Hooks into moto's template parser."""

    def choose(own: Method) -> Method:
        def resource_class(resource_type: str) -> Any:
            if resource_type in MADE or resource_type in WITHOUT_EFFECT:
                return maker(cloud, resource_type)
            known = own(resource_type)
            if known is None and resource_type not in parsing.NULL_MODELS:
                raise ValidationError(resource_type, message=f"{resource_type} is not known to the local cloud")
            return known and completed(cloud, resource_type, known)

        return resource_class

    def outspoken(own: Method) -> Method:
        def create(logical_id: str, resource: dict[str, Any], *rest: Any, **named: Any) -> Any:
            try:
                return own(logical_id, resource, *rest, **named)
            except KeyError as error:  # moto would take it for a reference to nothing
                raise ValidationError(logical_id, message=f"{resource['Type']} {logical_id} lacks {error}") from error
            except BotoCoreError as error:  # and answer 500 to this one, which the command line tries again
                raise ValidationError(logical_id, message=f"{resource['Type']} {logical_id}: {error}") from error

        return create

    wrap(parsing, "resource_class_from_type", choose)
    wrap(parsing, "parse_and_create_resource", outspoken)
    wrap(parsing, "generate_resource_name", lambda _: stable_name)


def stable_name(resource_type: str, stack_name: str, logical_id: str) -> str:
    """A generated name that is the same whenever the stack is deployed, so that what was kept finds its owner again."""
    suffix = hashlib.sha256(f"{stack_name}/{logical_id}".encode()).hexdigest()[:12]
    name = f"{stack_name}-{logical_id}"[:50] + f"-{suffix}"
    return name.lower() if resource_type == "AWS::S3::Bucket" else name


def maker(cloud: LocalCloud, resource_type: str) -> Any:
    """What moto's parser takes for a class: creates the resource through its service's API."""

    class Maker:
        @staticmethod
        def create_from_cloudformation_json(name: str, resource: dict[str, Any], *_: Any, **__: Any) -> Resource:
            report(resource_type, resource["Properties"])
            make = MADE.get(resource_type)
            return Resource(make(cloud, name, resource["Properties"]) if make else Made(name))

        @staticmethod
        def has_cfn_attr(_name: str) -> bool:
            return True

    return Maker


def completed(cloud: LocalCloud, resource_type: str, known: type[CloudFormationModel]) -> Any:
    """moto's class, with a creation that also does what moto drops.

    Tags are left out: they mean nothing here, and moto misreads some.
    """

    if names := ATTRIBUTES.get(resource_type):  # on the class: moto answers with all that an instance holds
        known.get_cfn_attribute = lambda created, attribute: getattr(created, names[attribute])

    class Completed(known):  # type: ignore[misc]
        @staticmethod
        def create_from_cloudformation_json(name: str, resource: dict[str, Any], *rest: Any, **named: Any) -> Any:
            properties = {key: value for key, value in resource["Properties"].items() if key != "Tags"}
            report(resource_type, properties)
            created = known.create_from_cloudformation_json(name, {**resource, "Properties": properties}, *rest, **named)
            if resource_type in REFERENCES:
                created.physical_resource_id = getattr(created, REFERENCES[resource_type])
            if resource_type in COMPLETED:
                COMPLETED[resource_type](cloud, created, properties)
            return created

    return Completed


def report(resource_type: str, properties: dict[str, Any]) -> None:
    """Says in the log what may be dropped without anybody having decided so."""
    names = unknown(resource_type, properties) if resource_type not in WITHOUT_EFFECT else set()
    for name in sorted(names):
        log.warning("%s: the property %s is neither used nor knowingly left out by the local cloud", resource_type, name)
