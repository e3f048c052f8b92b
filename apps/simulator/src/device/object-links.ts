import { CONTENT_FORMAT, formatLinks, type Link } from '@drover/lwm2m';
import type { Profile } from '../profiles/profile.ts';
import type { Flash } from './flash.ts';
import { isOld } from './resources.ts';

const { TEXT, SENML_JSON, SENML_CBOR, TLV } = CONTENT_FORMAT;

/** The object list of a Register, as this kind of device writes it. */
export function objectLinks({ registration, content }: Profile, { parts }: Flash): string {
  const { rootPath, listsFormats, quotesVersions, serverInstance } = registration;
  const prefix = rootPath === '/' ? '' : rootPath;
  const link = (path: string, ...attributes: [string, string][]): Link => ({ path: `${prefix}${path}`, attributes: new Map(attributes) });
  const formats = content.formats === 'SenML JSON' ? [TEXT, SENML_JSON] : [TEXT, SENML_JSON, SENML_CBOR, TLV];
  const root: [string, string][] = [['rt', 'oma.lwm2m'], ...(listsFormats ? ([['ct', formats.join(' ')]] as [string, string][]) : [])];
  const links = [
    ...(listsFormats || prefix !== '' ? [{ path: rootPath, attributes: new Map(root) }] : []),
    link(`/1/${serverInstance}`),
    link('/3/0'),
    ...(isOld(registration) ? [] : [link('/4', ['ver', '1.3'])]),
    link('/4/0'),
    ...objectsOf(parts, link),
  ];
  const text = formatLinks(links);
  return quotesVersions ? text.replaceAll(/ver="?([\d.]+)"?/g, 'ver="$1"') : text;
}

function objectsOf(parts: Flash['parts'], link: (path: string, ...attributes: [string, string][]) => Link): Link[] {
  const instances = parts.map(({ traits, instance }) => link(`/${traits.object}/${instance}`));
  const hasNew5 = parts.some(({ traits }) => traits.object === 5 && traits.hasCancel);
  const has19 = parts.some(({ traits }) => traits.push.at === 'object-19');
  return [...(hasNew5 ? [link('/5', ['ver', '1.1'])] : []), ...instances, ...(has19 ? [link('/19/0')] : [])];
}
