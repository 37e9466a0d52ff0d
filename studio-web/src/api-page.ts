/** The page that shows the server's interface, from its own description. */

import { h } from "./shell/dom";
import { restoreTheme } from "./shell/theme";

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

interface Content {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

interface Description {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

const METHODS = ["get", "post", "put", "patch", "delete"];

async function show(host: HTMLElement): Promise<void> {
  try {
    const answer = await fetch("/api/openapi.json");
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    host.replaceChildren(...sections(await answer.json()));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    host.replaceChildren(
      h("p", { role: "alert" }, `The description cannot be read (${why}). Load the page again.`),
    );
  }
  host.removeAttribute("aria-busy");
}

function sections({ info, paths, components }: Description): HTMLElement[] {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => operationSection(method, path, operation)),
  );
  const schemas = Object.entries(components?.schemas ?? {}).map(([name, schema]) =>
    schemaSection(name, schema),
  );
  return [
    h(
      "p",
      { class: "muted" },
      `${info.title} ${info.version}. `,
      link("/api/openapi.json", "The same as JSON"),
    ),
    h("h2", {}, "Requests"),
    ...operations,
    h("h2", {}, "What is sent and answered"),
    ...schemas,
  ];
}

function operationSection(method: string, path: string, operation: Operation): HTMLElement {
  const { summary, description, parameters = [], requestBody, responses } = operation;
  const inputs = parameters.map((parameter) =>
    line(`${parameter.name} (${parameter.in}${parameter.required ? "" : ", optional"})`, [
      typeOf(parameter.schema),
      parameter.description ?? "",
    ]),
  );
  if (requestBody) inputs.push(line("body", contentOf(requestBody)));
  const outputs = Object.entries(responses).map(([status, response]) => line(status, contentOf(response)));
  return h(
    "details",
    { class: "operation" },
    h(
      "summary",
      {},
      h("b", { class: `method ${method}` }, method.toUpperCase()),
      h("code", {}, path),
      h("span", { class: "muted" }, summary ?? ""),
    ),
    h("p", {}, description ?? summary ?? ""),
    inputs.length > 0 && h("h3", {}, "Takes"),
    h("dl", {}, ...inputs.flat()),
    h("h3", {}, "Answers"),
    h("dl", {}, ...outputs.flat()),
  );
}

function schemaSection(name: string, schema: Schema): HTMLElement {
  const fields = Object.entries(schema.properties ?? {}).map(([field, value]) => {
    const optional = schema.required?.includes(field) ? "" : " (optional)";
    return line(`${field}${optional}`, [typeOf(value), value.description ?? ""]);
  });
  return h(
    "section",
    { class: "schema", id: name },
    h("h3", {}, name),
    h("p", {}, schema.description ?? ""),
    h("dl", {}, ...fields.flat()),
  );
}

function line(term: string, parts: readonly (Node | string)[]): HTMLElement[] {
  const said = parts.filter((part) => part !== "");
  const spaced = said.flatMap((part, at) => (at > 0 ? [" ", part] : [part]));
  return [h("dt", {}, h("code", {}, term)), h("dd", {}, ...spaced)];
}

function contentOf({ description, content = {} }: Content): (Node | string)[] {
  const kinds = Object.entries(content).flatMap(([kind, { schema }]) => [
    h("code", {}, kind),
    typeOf(schema),
  ]);
  return [description ?? "", ...kinds];
}

/** The type of a value in words, with links to the named ones. */
function typeOf(schema: Schema | undefined): Node | string {
  if (schema === undefined) return "";
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return link(`#${name}`, name);
  }
  if (schema.anyOf) {
    const types = schema.anyOf.map(typeOf);
    return h("span", {}, ...types.flatMap((type, at) => (at > 0 ? [" or ", type] : [type])));
  }
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.items) return h("span", {}, "list of ", typeOf(schema.items));
  if (typeof schema.additionalProperties === "object") {
    return h("span", {}, "by name: ", typeOf(schema.additionalProperties));
  }
  return schema.format ? `${schema.type} (${schema.format})` : (schema.type ?? "");
}

function link(address: string, text: string): HTMLElement {
  return h("a", { href: address }, text);
}

restoreTheme();
const host = document.getElementById("operations");
if (host) void show(host);
