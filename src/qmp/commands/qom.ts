// Commands about objects, their types and device models.
import type { MachineCatalog, QmpContext } from '../context.ts';
import { deviceNotFound, invalidParameter, QmpError } from '../errors.ts';
import type { Json } from '../json.ts';
import { setProperty, TYPES, typeProperties } from '../qom.ts';
import { CPU_TYPE_PROPERTIES } from '../qom-types.ts';
import type { QmpHandlers } from '../server.ts';

interface TypeInfo { readonly name: string; readonly parent: string; readonly abstract: boolean }

/** All types: the table's and one for each CPU model. */
function types(catalog: MachineCatalog): Map<string, TypeInfo> {
  const table = Object.entries(TYPES).map(([name, t]) => ({ name, parent: t.parent, abstract: t.abstract === true }));
  const cpus = catalog.cpuModels.map((m) => ({ name: `${m.name}-arm-cpu`, parent: 'aarch64-cpu', abstract: false }));
  return new Map([...table, ...cpus].map((t) => [t.name, t]));
}

function is(all: ReadonlyMap<string, TypeInfo>, name: string, ancestor: string): boolean {
  for (let t = all.get(name); t; t = all.get(t.parent)) if (t.name === ancestor) return true;
  return false;
}

const properties = (name: string) => (name.endsWith('-arm-cpu') ? CPU_TYPE_PROPERTIES : typeProperties(name));

export const qomCommands = {
  'qom-list': ({ qom }, { path }) => {
    const o = qom.find(path);
    return [
      ...[...o.properties].map(([name, p]) => ({ name, type: p.type })),
      ...[...o.children].map(([name, child]) => ({ name, type: `child<${child.type}>` })),
    ];
  },
  'qom-get': ({ qom }, { path, property }) => {
    const { object, property: p } = qom.property(path, property);
    if (!p.get) throw new QmpError(`Property '${object.type}.${property}' is not readable`);
    return p.get();
  },
  'qom-set': ({ qom }, { path, property, value }) => {
    const { object, property: p } = qom.property(path, property);
    setProperty(object, property, p, value as Json);
  },
  'qom-list-types': ({ catalog }, { implements: ancestor, abstract }) => {
    const all = types(catalog);
    return [...all.values()].filter((t) => (ancestor === undefined || is(all, t.name, ancestor)) && (abstract === true || !t.abstract))
      .map((t) => ({ name: t.name, ...(t.abstract ? { abstract: true } : {}), ...(t.parent === '' ? {} : { parent: t.parent }) }));
  },
  'qom-list-properties': ({ catalog }, { typename }) => {
    const all = types(catalog);
    if (!all.has(typename)) throw new QmpError(`Class '${typename}' not found`, 'DeviceNotFound');
    const common = is(all, typename, 'device') ? ['realized', 'hotplugged', 'hotpluggable'].map((name) => ({ name, type: 'bool' })) : [];
    return [{ name: 'type', type: 'string' }, ...common, ...properties(typename).map(({ name, type, description }) => ({ name, type, ...(description === undefined ? {} : { description }) }))];
  },
  'device-list-properties': ({ catalog }, { typename }) => {
    const all = types(catalog);
    if (!all.has(typename)) throw deviceNotFound(typename);
    if (!is(all, typename, 'device') || all.get(typename)!.abstract) throw invalidParameter('typename', 'a non-abstract device type');
    return [...properties(typename)];
  },
  device_add: ({ catalog }, { driver }) => {
    const all = types(catalog);
    if (!is(all, driver, 'device')) throw new QmpError(`'${driver}' is not a valid device model name`);
    // What there is belongs to the board: nothing of it can be added.
    throw new QmpError(all.get(driver)!.abstract ? "Parameter 'driver' expects a non-abstract device type" : "Parameter 'driver' expects a pluggable device type");
  },
  device_del: (_c, { id }) => { throw deviceNotFound(id); },
  'object-add': ({ vm }, args) => {
    const { 'qom-type': type, id, ...rest } = args as { 'qom-type': string; id: string };
    vm.objects.add(type, id, rest);
  },
  'object-del': ({ vm }, { id }) => { vm.objects.delete(id); },
} satisfies Partial<QmpHandlers<QmpContext>>;
