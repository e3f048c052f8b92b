import { leaf, Misread, type Schema } from './schema.ts';

/** Security, OSCORE and COSE hold keys: nothing of them is ever read. */
const KEY_OBJECTS: readonly string[] = ['0', '21', '23'];

/** Where Objects 5 and 33629 tell of the image that was given to the device, which need not be the one that runs. */
const PACKAGE_VERSION = /^\/(5|33629)\/\d+\/7$/;

const JSON_OF_PATH = { type: 'string', pattern: '^/[0-9]{1,5}/[0-9]{1,5}/[0-9]{1,5}$' };

function pathOf(value: unknown): { readonly path: string; readonly object: string } {
  const ids = typeof value === 'string' ? /^\/(\d{1,5})\/(\d{1,5})\/(\d{1,5})$/.exec(value) : null;
  if (!ids || ids.slice(1).some((id) => Number(id) > 65_534 || String(Number(id)) !== id))
    throw new Misread('VALUE_INVALID', 'expected the path of a resource, such as /3/0/19');
  const [path, object = ''] = ids;
  if (KEY_OBJECTS.includes(object)) throw new Misread('VALUE_INVALID', `object ${object} holds keys and is never read`);
  return { path, object };
}

/** An object, or one instance of it, that a bootstrap session makes empty; security and servers are made anew anyway. */
export const erasedPath: Schema<string> = leaf({ type: 'string', pattern: '^/[0-9]{1,5}(/[0-9]{1,5})?$' }, (value) => {
  const ids = typeof value === 'string' ? /^\/(\d{1,5})(?:\/(\d{1,5}))?$/.exec(value) : null;
  const numbers = (ids?.slice(1) ?? []).filter((id) => id !== undefined);
  if (!ids || numbers.some((id) => Number(id) > 65_534 || String(Number(id)) !== id))
    throw new Misread('VALUE_INVALID', 'expected an object or an instance, such as /9 or /9/0');
  if (['0', '1', '2', '21'].includes(numbers[0]!)) throw new Misread('VALUE_INVALID', `object ${numbers[0]} is made anew by itself`);
  if (numbers[0] === '3') throw new Misread('VALUE_INVALID', 'object 3 is the device itself, and stays');
  return ids[0];
});

/** A resource that shows the version which runs. */
export const versionPath: Schema<string> = leaf(JSON_OF_PATH, (value) => {
  const { path, object } = pathOf(value);
  if (object === '5')
    throw new Misread('VALUE_INVALID', 'object 5 tells of the image that was given to the device, not of the one that runs');
  return path;
});

/** The same for a campaign, which may also name the version of the package as its last hint. */
export const versionHintPath: Schema<string> = leaf(JSON_OF_PATH, (value) => {
  const { path, object } = pathOf(value);
  if (object === '5' && !isPackageVersion(path))
    throw new Misread('VALUE_INVALID', 'of object 5 only resource 7, the version of the package, says anything of a version');
  return path;
});

export function isPackageVersion(path: string): boolean {
  return PACKAGE_VERSION.test(path);
}

/** A resource of Object 19: some devices take an image as their application's data. */
export const appDataPath: Schema<string> = leaf({ ...JSON_OF_PATH, pattern: '^/19/[0-9]{1,5}/[0-9]{1,5}$' }, (value) => {
  const { path, object } = pathOf(value);
  if (object !== '19') throw new Misread('VALUE_INVALID', 'expected a resource of Object 19, such as /19/0/0');
  return path;
});
