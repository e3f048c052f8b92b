import { OPENSSL_TALKS } from '../../golden/dtls.ts';

export { certificateDer, revocationListDer } from '../../../libs/testkit/src/dtls-certificates.ts';

/** What openssl and we have said to each other, datagram by datagram. */
export const OPENSSL_FLIGHTS: readonly string[] = OPENSSL_TALKS.flatMap(({ datagrams }) => datagrams.map(([, hex]) => hex));
