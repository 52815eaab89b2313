"""Every one of another server's test files that we refuse, with the element, and why R4 is with us.

Whatever file is not named here passes.
"""

from patients.fhir.json_codec import FhirSyntaxError, loads
from patients.fhir.validation import validate
from tests.unit.patients.fhir.test_real_data import BOM, files

NO_JSON = "Normative__Bundle-TransactionWithInvalidBundleEntry"
DEFINITION, SYSTEM = "SearchParameter.component[0].definition", "resource.identifier[0].system"
LINK_ID, DIV = "Questionnaire.item[0].item[0].linkId", "resource.text.div"
REFUSED = {
    "written for STU3: other cardinalities and elements": {
        "Normative__CompositeCustomReferenceTokenSearchParameterStu3": DEFINITION,
        "Normative__CompositeCustomTokenDateTimeSearchParameterStu3": DEFINITION,
        "Normative__CompositeCustomTokenNumberNumberSearchParameterStu3": DEFINITION,
        "Normative__CompositeCustomTokenOverflowTokenSearchParameterStu3": DEFINITION,
        "Normative__CompositeCustomTokenQuantitySearchParameterStu3": DEFINITION,
        "Normative__CompositeCustomTokenStringSearchParameterStu3": DEFINITION,
        "Normative__CompositeCustomTokenTokenOverflowSearchParameterStu3": DEFINITION,
        "Normative__Includes-TestResources": "Bundle.entry[30].resource.result",
        "Normative__Observation-For-Patient-f001": "Observation.interpretation",
        "Normative__ObservationWithBloodPressure": "Observation.interpretation",
        "Normative__ObservationWithTemperature": "Observation.interpretation",
        "Normative__SearchDataBatch": "Bundle.entry[1].resource.generalPractitioner",
        "Normative__Specimen": "Specimen.request[0].reference",
        "Normative__TokenOverflowChargeItem": "ChargeItem.encounter",
        "V3.1.1_USCoreCompliantResources": "Bundle.entry[9].resource.encounter",
    },
    "no resource": {
        "Normative__LegacyRawReindexJobRecord": "Resource.resourceType",
        "Normative__MoneyWithWrongDecimal": "Resource.resourceType",
        "Normative__PatientMissingResourceType": "Resource.resourceType",
        "R4__DocumentReference-example-relatesTo-code-appends.indexes": "Resource",
        "R4__DocumentReference-example-relatesTo-code-transforms-replaces-target.indexes": "Resource",
        "R4__DocumentReference-example-relatesTo-code-transforms.indexes": "Resource",
        "R4__ResourceWrapperNoVersion": "Resource.resourceType",
    },
    "broken on purpose": {
        "Normative__Bundle-BatchWithInvalidEleEnums": "Bundle.entry[0].resource.gender1",
        "Normative__Bundle-InvalidBundleType": "Bundle.type",
        "Normative__Bundle-TransactionWithInvalidResourceType": "Bundle.entry[0].resource.subject.reference",
        "Normative__Bundle-TransactionWithMultipleResourcesWithSameFullUrl": "Bundle.entry[0].fullUrl",
        "Normative__Bundle-TypeMissing": "Bundle.type",
        "Normative__InvalidObservation": "Observation.text",
        "Normative__ObservationWithInvalidStatus": "Observation.status",
        "Normative__ObservationWithNoCode": "Observation.code",
        "Normative__PatientWithUnknownElements": "Patient.name1",
        "Normative__SearchParameterInvalidBase": "SearchParameter.base[0]",
        "Normative__SearchParameterInvalidType": "SearchParameter.type",
        "Normative__SearchParameterMissingBase": "SearchParameter.base",
        "Normative__SearchParameterMissingExpression": "SearchParameter.expression",
        "Normative__SearchParameterMissingType": "SearchParameter.type",
        "R4__InvalidCompartmentDefinition": "Bundle.entry[0].fullUrl",
    },
    "HL7's own example, against HL7's own definition": {
        "R4__devicemetric-example": "DeviceMetric.parent.reference",
        "R4__deviceusestatement-example": "DeviceUseStatement.reasonReference[0].reference",
        "R4__medicinalproductcontraindication-questionnaire": LINK_ID,
        "R4__practitionerrole-questionnaire": LINK_ID,
        "R4__specimendefinition-questionnaire": LINK_ID,
    },
    "the copy was cut off inside the narrative": {
        "R4__plandefinition-example": "PlanDefinition.text.div",
    },
    "one fullUrl for several entries (bdl-7)": {
        "Normative__Bundle-Batch": "Bundle.entry[2].fullUrl",
        "Normative__Bundle-BatchWithDuplicatedItems": "Bundle.entry[1].fullUrl",
        "Normative__Bundle-BinaryPatch": "Bundle.entry[0].fullUrl",
        "Normative__Bundle-FhirPatch": "Bundle.entry[0].fullUrl",
    },
    "a fullUrl that is relative, or of another id": {
        "Normative__Bundle-TransactionWithAllValidRoutes": "Bundle.entry[2].fullUrl",
        "Normative__Bundle-TransactionWithPOSTFullUrlMatchesWithPUTRequestUrl": "Bundle.entry[1].fullUrl",
    },
    "an empty string": {
        "Normative__Bundle-BatchWithConditionalUpdateByIdentifier": f"Bundle.entry[0].{SYSTEM}",
        "Normative__Bundle-TransactionWithConditionalCreateAndReference": f"Bundle.entry[0].{SYSTEM}",
        "Normative__Bundle-TransactionWithConditionalUpdateAndReference": f"Bundle.entry[0].{SYSTEM}",
    },
    "a time without its zone": {"Normative__Patient": "Patient.meta.lastUpdated"},
    "a required element is missing": {
        "Normative__ProvenanceHeader": "Provenance.target",
        "Normative__StructureDefinition-us-core-patient-v6": "StructureDefinition.text.div",
        "Normative__WeightInGrams": "Observation.text.div",
        "R4__SmartPatientA": "Bundle.entry[10].resource.participant[0].status",
    },
    "a reference to no type of R4": {
        "Normative__TokenOverflowPatient": "Patient.managingOrganization.reference",
        "R4__SmartCommon": "Bundle.entry[5].resource.subject[0].reference",
    },
    "a narrative outside the namespace of XHTML": {
        "Normative__ValidCompartmentDefinition": f"Bundle.entry[0].{DIV}",
        "R4__ValidCompartmentDefinition": f"Bundle.entry[0].{DIV}",
    },
    "an invariant (dom-3, msq-5)": {
        "Normative__Medication": "Medication.contained[0]",
        "Normative__Sequence": "MolecularSequence.referenceSeq",
    },
}  # fmt: skip


def test_only_what_r4_forbids_is_refused():
    unnamed = {name: where for listed in REFUSED.values() for name, where in listed.items()}
    for file, raw in files("fhir-test-resources.tar.xz", ".json", "ms-fhir-tests"):
        name = file.removesuffix(".json")
        try:
            content = loads(raw.removeprefix(BOM))
        except FhirSyntaxError:
            assert name == NO_JSON
            continue
        found = {issue.expression for issue in validate(content)}
        where = unnamed.pop(name, None)
        assert where in found if where else found == set(), name
    assert unnamed == {}
