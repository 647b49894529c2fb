import { Injectable, Module, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';

/** Who may command. An application of your own has its identity provider here. */
@Injectable()
export class Operators {
  readonly #names = new Map([
    ['ann-token', { name: 'ann', mayCommand: true }],
    ['tom-token', { name: 'tom', mayCommand: false }],
  ]);

  find(token: string): { readonly name: string; readonly mayCommand: boolean } | undefined {
    return this.#names.get(token);
  }
}

interface OperatorRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The audit looks here. */
  user?: { readonly name: string };
}

@Injectable()
export class OperatorsGuard implements CanActivate {
  constructor(private readonly operators: Operators) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<OperatorRequest>();
    const operator = this.operators.find(request.headers['authorization']?.replace('Bearer ', '') ?? '');
    if (operator === undefined) throw new UnauthorizedException('a token of an operator is needed');
    request.user = { name: operator.name };
    return operator.mayCommand;
  }
}

@Module({ providers: [Operators], exports: [Operators] })
export class OperatorsModule {}
