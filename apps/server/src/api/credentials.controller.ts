import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { DAY, DroverError, instantOf, isoOf, Namespace } from '@drover/kernel';
import {
  CredentialCheckQuery,
  CredentialDto,
  CredentialsQuery,
  CredentialsRequest,
  type OscoreDto,
  RevokeCredentialRequest,
  type CredentialCheckView,
  type CredentialView,
} from '@drover/contracts';
import { useOf, type Credential } from '@drover/credentials';
import { CredentialDesk, type CredentialEntry } from '../engine/credential-desk.ts';
import { GatewayHears } from '../engine/gateway-hears.ts';
import { Needs } from './permissions.ts';
import { actorOf, namespaceOf, type AuthorisedRequest } from './token.guard.ts';

/** Secrets come in here, and nothing that leaves here holds one. What is changed is in force when it is answered. */
@ApiTags('credentials')
@ApiBearerAuth()
@Controller('credentials')
export class CredentialsController {
  readonly #desk: CredentialDesk;
  readonly #hears: GatewayHears;

  constructor(@Inject(CredentialDesk) desk: CredentialDesk, @Inject(GatewayHears) hears: GatewayHears) {
    this.#desk = desk;
    this.#hears = hears;
  }

  @Get()
  @Needs('administer')
  list(@Query() query: CredentialsQuery, @Req() request: AuthorisedRequest): CredentialView[] {
    return this.#desk.list(Namespace(namespaceOf(request)), query).map(view);
  }

  @Get('check')
  @Needs('administer')
  check(@Query() { unusedDays }: CredentialCheckQuery, @Req() request: AuthorisedRequest): Promise<CredentialCheckView> {
    return this.#desk.check(Namespace(namespaceOf(request)), unusedDays * DAY);
  }

  /** All of them or none. */
  @Post()
  @HttpCode(200)
  @Needs('administer')
  async add(@Body() { credentials }: CredentialsRequest, @Req() request: AuthorisedRequest): Promise<{ added: number; unchanged: number }> {
    return this.#inForce(await this.#desk.add(Namespace(namespaceOf(request)), credentials.map(entryOf), actorOf(request)));
  }

  @Post('rotate')
  @HttpCode(200)
  @Needs('administer')
  async rotate(@Body() credential: CredentialDto, @Req() request: AuthorisedRequest): Promise<CredentialView> {
    return view(await this.#inForce(await this.#desk.rotate(Namespace(namespaceOf(request)), entryOf(credential), actorOf(request))));
  }

  @Post('revoke')
  @HttpCode(200)
  @Needs('administer')
  async revoke(@Body() what: RevokeCredentialRequest, @Req() request: AuthorisedRequest): Promise<CredentialView[]> {
    return this.#inForce((await this.#desk.revoke(Namespace(namespaceOf(request)), what, actorOf(request))).map(view));
  }

  async #inForce<T>(done: T): Promise<T> {
    await this.#hears.credentials();
    return done;
  }
}

function entryOf({ key, expiresAt, oscore, ...rest }: CredentialDto): CredentialEntry {
  return {
    ...rest,
    ...(key !== undefined && { key: bytesOf(key) }),
    ...(oscore && { oscore: contextOf(oscore) }),
    ...(expiresAt !== undefined && { expiresAt: instantOf(expiresAt) }),
  };
}

function contextOf({ senderId, recipientId, masterSalt, idContext, ...choice }: OscoreDto): CredentialEntry['oscore'] {
  const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');
  return {
    ...choice,
    senderId: hex(senderId),
    recipientId: hex(recipientId),
    ...(masterSalt !== undefined && { masterSalt: hex(masterSalt) }),
    ...(idContext !== undefined && { idContext: hex(idContext) }),
  };
}

/** Node takes what is no base64 for less of it: a key that lost bytes that way would be another key. */
function bytesOf(base64: string): Uint8Array {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, ''))
    throw new DroverError('KEY_ENCODING', 'input', 'a key is base64 without line breaks');
  return bytes;
}

function view(credential: Credential): CredentialView {
  const { endpoint, kind, identity, state, fingerprint, issuer, pin, createdBy, revokedWhy } = credential;
  const at = (time: Credential['usedAt']): string | undefined => (time === undefined ? undefined : isoOf(time));
  return {
    endpoint,
    kind,
    use: useOf(credential),
    identity,
    state,
    fingerprint,
    issuer,
    pin,
    createdAt: isoOf(credential.createdAt),
    createdBy,
    usedAt: at(credential.usedAt),
    expiresAt: at(credential.expiresAt),
    revokedAt: at(credential.revokedAt),
    revokedWhy,
  };
}
