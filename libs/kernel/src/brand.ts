/** A primitive that carries a promise in its type: an unchecked value cannot pass for a checked one. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };
