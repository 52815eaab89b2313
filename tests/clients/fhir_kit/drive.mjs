// Lets fhir-kit-client do what its users do, one scenario at a time, and prints as JSON what each
// step was given. The address and the token come through the environment, the scenario as argument.
import { CapabilityTool, Client } from "fhir-kit-client";

const client = new Client({
  baseUrl: process.env.FHIR_BASE,
  bearerToken: process.env.FHIR_TOKEN,
});
const report = {};
const MRN = "urn:example:mrn";

const patient = (value, changes = {}) => ({
  resourceType: "Patient",
  identifier: [{ system: MRN, value }],
  name: [{ family: "Kit" }],
  gender: "female",
  birthDate: "1966-05-04",
  ...changes,
});

const put = (resource) => ({
  resource,
  request: { method: "PUT", url: `${resource.resourceType}/${resource.id}` },
});

// A refusal is a result too; whatever else goes wrong ends the run.
async function step(name, action) {
  try {
    const body = await action();
    const { response } = Client.httpFor(body);
    const headers = Object.fromEntries(response.headers);
    report[name] = { status: response.status, headers, body };
    return body;
  } catch (error) {
    if (!error.response) throw error;
    report[name] = { status: error.response.status, body: error.response.data };
    return undefined;
  }
}

async function capability() {
  const statement = await step("statement", () => client.capabilityStatement());
  const tool = new CapabilityTool(statement);
  report.can = {
    read: tool.resourceCan("Patient", "read"),
    patch: tool.resourceCan("Patient", "patch"),
    transaction: tool.serverCan("transaction"),
    birthdate: tool.resourceSearch("Patient", "birthdate"),
  };
}

async function instance() {
  const resourceType = "Patient";
  const made = await step("create", () => client.create({ resourceType, body: patient("1") }));
  const at = { resourceType, id: made.id };
  await step("read", () => client.read(at));
  const body = { ...made, gender: "other" };
  const ifMatch = (version) => ({ headers: { "If-Match": `W/"${version}"` } });
  await step("update", () => client.update({ ...at, body, options: ifMatch(1) }));
  await step("stale", () => client.update({ ...at, body: made, options: ifMatch(1) }));
  const jsonPatch = [
    { op: "test", path: "/gender", value: "other" },
    { op: "replace", path: "/birthDate", value: "1966-05" },
  ];
  await step("patch", () => client.patch({ ...at, jsonPatch, options: ifMatch(2) }));
  await step("failed test", () => client.patch({ ...at, jsonPatch: [{ ...jsonPatch[0], value: "x" }] }));
  await step("vread", () => client.vread({ ...at, version: "1" }));
  await step("delete", () => client.delete(at));
  await step("deleted", () => client.read(at));
  await step("history", () => client.history(at));
}

async function conditional() {
  const resourceType = "Patient";
  const identifier = `${MRN}|1`;
  const options = { headers: { "If-None-Exist": `identifier=${identifier}` } };
  const create = () => client.create({ resourceType, body: patient("1"), options });
  await step("create", create);
  await step("again", create);
  const update = (body) => client.update({ resourceType, searchParams: { identifier }, body });
  await step("update", () => update(patient("1", { gender: "other" })));
  await step("double", () => client.create({ resourceType, body: patient("1") }));
  await step("many", () => update(patient("1")));
}

async function search() {
  const resourceType = "Observation";
  const searchParams = { patient: "p1", _count: 4, _sort: "date" };
  let bundle = await step("first", () => client.search({ resourceType, searchParams }));
  report.before = client.prevPage({ bundle }) ?? null;
  bundle = await step("second", () => client.nextPage({ bundle }));
  report.after = client.nextPage({ bundle }) ?? null;
  await step("post", () =>
    client.search({ resourceType, searchParams, options: { postSearch: true } }));
  const dates = { date: ["ge2019-01-01", "lt2020-01-01"] };
  await step("repeated", () => client.search({ resourceType, searchParams: dates }));
  const including = { _id: "p1-tc", _include: "Observation:subject" };
  const found = await step("include", () => client.search({ resourceType, searchParams: including }));
  const [match, included] = found.entry;
  const { reference } = match.resource.subject;
  report.resolved = (await client.resolve({ reference, context: found })).id;
  report.absolute = (await client.resolve({ reference: included.fullUrl })).id;
}

async function bundles() {
  const subject = { reference: "urn:uuid:4f7a6f0e-6a3b-4a53-9a3e-0d6f3b1f9a11" };
  const observation = {
    resourceType: "Observation",
    status: "final",
    code: { coding: [{ system: "http://loinc.org", code: "2093-3" }] },
    subject,
    effectiveDateTime: "2026-10-01T09:00:00Z",
  };
  const post = (resource, more = {}) => ({
    resource,
    request: { method: "POST", url: resource.resourceType },
    ...more,
  });
  const bundle = (type, entry) => ({ body: { resourceType: "Bundle", type, entry } });
  const both = [post(patient("1"), { fullUrl: subject.reference }), post(observation)];
  await step("transaction", () => client.transaction(bundle("transaction", both)));
  const nobody = { ...observation, subject: { reference: "Patient/nobody" } };
  const stray = [put(patient("2", { id: "p2" })), post(nobody)];
  await step("refused", () => client.transaction(bundle("transaction", stray)));
  await step("nothing of it", () => client.read({ resourceType: "Patient", id: "p2" }));
  const get = (url) => ({ request: { method: "GET", url } });
  const mixed = [put(patient("3", { id: "p3" })), get("Patient/nobody"), get("Patient?_id=p3")];
  await step("batch", () => client.batch(bundle("batch", mixed)));
}

async function operations() {
  const resourceType = "Patient";
  const everything = { name: "everything", resourceType, id: "p1" };
  const few = { _type: "Patient,Observation", _count: 4 };
  const page = await step("everything", () =>
    client.operation({ ...everything, method: "GET", input: few }));
  await step("everything further", () => client.nextPage({ bundle: page }));
  await step("everything by post", () => client.operation(everything));
  const parameter = [
    { name: "_type", valueCode: "Patient" },
    { name: "_type", valueCode: "Observation" },
    { name: "_count", valueInteger: 4 },
  ];
  const input = { resourceType: "Parameters", parameter };
  await step("everything with parameters", () => client.operation({ ...everything, input }));
  const validate = (resource) =>
    client.operation({ name: "$validate", resourceType, input: resource });
  await step("valid", () => validate(patient("1")));
  await step("invalid", () => validate(patient("1", { gender: "lady" })));
  const wrapped = [{ name: "resource", resource: patient("1", { birthDate: "1966-99" }) }];
  await step("wrapped", () => validate({ resourceType: "Parameters", parameter: wrapped }));
}

async function errors() {
  const resourceType = "Patient";
  await step("unknown", () => client.read({ resourceType, id: "nobody" }));
  await step("invalid", () =>
    client.create({ resourceType, body: patient("1", { gender: "lady", birthDate: "x" }) }));
  await step("no json", () => client.create({ resourceType, body: "{" }));
  await step("parameter", () => client.search({ resourceType, searchParams: { nmae: "x" } }));
  await step("type", () => client.search({ resourceType: "Person1", searchParams: {} }));
  await step("interaction", () => client.operation({ name: "nothing" }));
  client.bearerToken = "not-a-token";
  await step("token", () => client.read({ resourceType, id: "nobody" }));
}

const scenarios = { capability, instance, conditional, search, bundles, operations, errors };
await scenarios[process.argv[2]]();
console.log(JSON.stringify(report));
