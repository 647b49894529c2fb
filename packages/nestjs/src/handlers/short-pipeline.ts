import { catchError, isObservable, type Observable } from 'rxjs';
import type { RecordHandler } from './handler.interface.js';

/** What Nest passes to a handler: payload and context. */
type Args = readonly unknown[];

type Method = (...args: Args) => unknown;

/** A parameter of a handler, as its decorator describes it. */
interface Param {
  readonly index: number;
  /** A number for those of Nest, a string for custom decorators, whose factories may be async. */
  readonly type: number | string;
  /** A property of the payload; undefined: all of it. */
  readonly data: unknown;
  readonly pipes: readonly unknown[];
  extractValue(...args: Args): unknown;
}

/** Reads what stands on a method, on its class and on the application. */
interface Enhancers<T = readonly unknown[]> {
  create(instance: object, method: Method, moduleKey: string): T;
}

/** The parts of Nest's `RpcContextCreator` that it builds handlers of. The same in 11 and 12. @internal */
export interface PipelineParts {
  readonly applicationConfig?: { getGlobalPreRequestHooks?(): readonly unknown[] };
  readonly exceptionFiltersContext: Enhancers<object>;
  readonly guardsContextCreator: Enhancers;
  readonly interceptorsContextCreator: Enhancers;
  readonly pipesContextCreator: Enhancers;
  readonly contextUtils: { mergeParamsMetatypes(params: readonly Param[], types: unknown): readonly Param[] };
  readonly rpcProxy: { handleError(filters: object, args: Args, error: unknown): Observable<unknown> };
  getMetadata(
    instance: object,
    methodName: string,
    defaults: object,
    contextType: 'rpc',
  ): { readonly argsLength: number; readonly paramtypes: unknown; getParamsMetadata(moduleKey: string): Param[] };
  createGuardsFn(
    guards: readonly unknown[],
    instance: object,
    method: Method,
    contextType: 'rpc',
  ): ((args: Args) => Promise<void>) | null;
  createPipesFn(
    pipes: readonly unknown[],
    params: readonly Param[],
  ): ((into: unknown[], ...args: Args) => Promise<void>) | null;
}

/** What a handler is built for. @internal */
export interface HandlerMethod {
  readonly instance: Readonly<Record<string, unknown>>;
  readonly methodName: string;
  readonly moduleKey: string;
  /**
   * False: what it throws reaches the engine as it is, whoever is asked. Asked for each record: global filters may come
   * after the handler was built.
   */
  readonly hasFilters: () => boolean;
}

/** Of Nest's `RpcParamtype`. */
const [PAYLOAD, CONTEXT] = [3, 6];
/** Nest's `DEFAULT_CALLBACK_METADATA`: what a method gets none of whose parameters is decorated. */
const PAYLOAD_ONLY = { [`${PAYLOAD}:0`]: { index: 0, data: undefined, pipes: [] } };

/**
 * Nest's RPC pipeline for a handler that no interceptor and no pre-request hook stands around: the same guards, pipes,
 * parameters and filters, asked in the same order through the same objects. Nest's own way makes two dozen promises for
 * a record, also where there is nothing to wait for, and each of them costs again where an `AsyncLocalStorage` (of
 * traces, of log lines) follows it. Where neither guards nor pipes stand before the method this one makes none without
 * filters, and one with filters where the method makes one.
 *
 * Enhancers are read now, as Nest reads them when it builds a handler.
 * @returns undefined where Nest's own way has to be gone: also in a Nest whose parts are others
 * @internal
 */
export function shortPipeline(parts: PipelineParts, handler: HandlerMethod): RecordHandler | undefined {
  try {
    return build(parts, handler);
  } catch {
    return undefined; // what is wrong with the handler Nest says itself when it builds it
  }
}

function build(
  parts: PipelineParts,
  { instance, methodName, moduleKey, hasFilters }: HandlerMethod,
): RecordHandler | undefined {
  const method = instance[methodName] as Method;
  const interceptors = parts.interceptorsContextCreator.create(instance, method, moduleKey);
  const hooks = parts.applicationConfig?.getGlobalPreRequestHooks?.() ?? [];
  if (interceptors.length > 0 || hooks.length > 0) return undefined;
  const filters = parts.exceptionFiltersContext.create(instance, method, moduleKey);
  const handleError = parts.rpcProxy.handleError.bind(parts.rpcProxy, filters);
  const guards = parts.guardsContextCreator.create(instance, method, moduleKey);
  const guard = parts.createGuardsFn(guards, instance, method, 'rpc');
  const pipes = parts.pipesContextCreator.create(instance, method, moduleKey);
  const { argsLength, paramtypes, getParamsMetadata } = parts.getMetadata(instance, methodName, PAYLOAD_ONLY, 'rpc');
  const params = parts.contextUtils.mergeParamsMetatypes(getParamsMetadata(moduleKey), paramtypes);
  const takesTime =
    pipes.length > 0 || params.some((param) => param.pipes.length > 0 || typeof param.type === 'string');
  const pipe = takesTime ? parts.createPipesFn(pipes, params) : null;
  const readers = params.map((param) => ({ index: param.index, read: readerOf(param) }));
  /** Parameters that are not decorated stay undefined; a method without any decorator gets what Nest got. */
  const extract = (args: Args): Args => {
    if (params.length === 0) return args;
    const given = new Array<unknown>(argsLength);
    for (const { index, read } of readers) given[index] = read(args);
    return given;
  };

  const answer = (args: Args, result: unknown): unknown =>
    isObservable(result) ? result.pipe(catchError((error: unknown) => handleError(args, error))) : result;

  if (guard === null && pipe === null) {
    return (...args) => {
      if (!hasFilters()) return method.apply(instance, extract(args) as unknown[]);
      try {
        const result = method.apply(instance, extract(args) as unknown[]);
        if (!isThenable(result)) return answer(args, result);
        return (result instanceof Promise ? result : Promise.resolve(result)).then(
          (value) => answer(args, value),
          (error: unknown) => handleError(args, error),
        );
      } catch (error) {
        return handleError(args, error);
      }
    };
  }
  return async (...args) => {
    try {
      if (guard !== null) await guard(args);
      if (pipe === null) return answer(args, await method.apply(instance, extract(args) as unknown[]));
      const given = new Array<unknown>(argsLength);
      await pipe(given, ...args);
      return answer(args, await method.apply(instance, given));
    } catch (error) {
      return handleError(args, error);
    }
  };
}

/** As Nest's `RpcParamsFactory`, without a copy of the arguments for what nearly every handler wants. */
function readerOf(param: Param): (args: Args) => unknown {
  if (param.type === PAYLOAD && !param.data) return (args) => args[0];
  if (param.type === CONTEXT) return (args) => args[1];
  return (args) => param.extractValue(...args);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}
