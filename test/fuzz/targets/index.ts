import type { Target } from '../target.ts';
import { BLOCK_TRANSFER } from './block-transfer.ts';
import { BOOTSTRAP } from './bootstrap.ts';
import { COAP_ENDPOINT } from './coap-endpoint.ts';
import { COAP_MESSAGES } from './coap-messages.ts';
import { COAP_STREAMS } from './coap-streams.ts';
import { DTLS_MESSAGES } from './dtls-messages.ts';
import { DTLS } from './dtls.ts';
import { DOCUMENTS } from './documents.ts';
import { EVIDENCE } from './evidence.ts';
import { GATEWAY } from './gateway.ts';
import { LWM2M_CONTENT } from './lwm2m-content.ts';
import { LWM2M_WORDS } from './lwm2m-words.ts';
import { OBJECT_5 } from './object5.ts';
import { OSCORE } from './oscore.ts';
import { TRUST } from './trust.ts';

export const TARGETS: readonly Target[] = [
  ...COAP_MESSAGES,
  ...OSCORE,
  ...LWM2M_CONTENT,
  ...LWM2M_WORDS,
  ...TRUST,
  ...DOCUMENTS,
  ...EVIDENCE,
  COAP_ENDPOINT,
  COAP_STREAMS,
  BLOCK_TRANSFER,
  OBJECT_5,
  GATEWAY,
  BOOTSTRAP,
  DTLS_MESSAGES,
  DTLS,
];
