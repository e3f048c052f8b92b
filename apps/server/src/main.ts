import 'reflect-metadata';
import { runServer } from './run.ts';

await runServer();
