import { readHints, type NetworkHint } from '@drover/schedule';
import { fetchJson } from './fetch-json.ts';
import { HintSource } from './hint-source.ts';

/** A feed of hints as JSON, over HTTP: whoever knows the network's calendar writes it. */
export class CalendarSource extends HintSource {
  readonly name: string;

  constructor(url: string) {
    super();
    this.name = url;
  }

  async read(): Promise<readonly NetworkHint[]> {
    return readHints(await fetchJson(this.name));
  }
}
