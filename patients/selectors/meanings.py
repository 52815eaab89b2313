"""What codes mean at this place: the mappings that are in force, and the site's RxNorm release."""

from patients.models import Mapping, RxNormRelease
from patients.selectors.rxnorm import stored_release
from patients.terminology.meanings import Key, LocalMeanings, MappingKind, Statement, meanings_of


def key_of(mapping: Mapping) -> Key:
    kind = MappingKind(mapping.kind)
    return Key(kind, mapping.concept, mapping.system, mapping.code, mapping.source)


def meanings_in_force(release: int | None = None) -> LocalMeanings:
    """As they are now. Who stores what is read by them asks `services.local_meanings.hold`.

    `release` is the key of the RxNorm release where the caller knows it; 0 for none.
    """
    if release is None:
        newest = RxNormRelease.objects.order_by("-pk").values_list("pk", flat=True).first()
        release = newest or 0
    rows = Mapping.objects.filter(ended_at=None)
    statements = (Statement(m.pk, key_of(m), m.target) for m in rows)
    return meanings_of(statements, stored_release(release))
