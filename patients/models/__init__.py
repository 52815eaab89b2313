from patients.models.activity import ClientHour, Heartbeat, RejectedElement
from patients.models.audit_event import AuditEvent
from patients.models.bulk import BulkFile, BulkJob
from patients.models.care_team import CareTeamMember
from patients.models.client import ClientProfile
from patients.models.code_survey import CodeSurvey, UnmappedCode
from patients.models.consent import ConsentChoice
from patients.models.correction_rule import CorrectionRule
from patients.models.fact import Fact
from patients.models.import_fault import ImportFault
from patients.models.mapping import Mapping
from patients.models.patient import Patient
from patients.models.quarantine import QuarantinedResource
from patients.models.resource import Resource, ResourceVersion
from patients.models.rxnorm import RxNormConcept, RxNormRelease
from patients.models.stale_twin import StaleTwin
from patients.models.used_assertion import UsedAssertion

__all__ = [
    "AuditEvent",
    "BulkFile",
    "BulkJob",
    "CareTeamMember",
    "ClientHour",
    "ClientProfile",
    "CodeSurvey",
    "ConsentChoice",
    "CorrectionRule",
    "Fact",
    "Heartbeat",
    "ImportFault",
    "Mapping",
    "Patient",
    "QuarantinedResource",
    "RejectedElement",
    "Resource",
    "ResourceVersion",
    "RxNormConcept",
    "RxNormRelease",
    "StaleTwin",
    "UnmappedCode",
    "UsedAssertion",
]
