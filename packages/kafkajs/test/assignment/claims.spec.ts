import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { withheldIn } from '../../src/assignment/assigner.js';
import { decodeClaims, encodeClaims } from '../../src/assignment/claims.js';
import { seal } from '../../src/assignment/envelope.js';

const owned = [
  { topic: 'a', partition: 0 },
  { topic: 'a', partition: 7 },
  { topic: 'b', partition: 1 },
];

describe('what members tell one another', () => {
  it('comes back as it was told', () => {
    const bytes = encodeClaims({ memberId: 'me', owned, since: 4, released: true }, { a: 9 });
    expect(decodeClaims(bytes, 'me')).toEqual({ owned, since: 4, released: true });
  });

  it('is the same bytes for the same claims in whatever order', () => {
    const claims = { memberId: 'me', since: 4, released: false };
    expect(encodeClaims({ ...claims, owned }, {})).toEqual(
      encodeClaims({ ...claims, owned: [...owned].reverse() }, {}),
    );
  });

  it('claims nothing for a member whose id has changed', () => {
    expect(decodeClaims(encodeClaims({ memberId: 'me', owned, since: 4, released: false }, {}), 'other')).toEqual({});
  });

  it('counts as nothing where it is none of ours, of a later version, broken or absurd', () => {
    const text = (value: unknown): Buffer => seal(value);
    const later = Buffer.from(text({ memberId: 'me', since: 1, owned: { a: [0] } }));
    later[2] = 2;
    for (const bytes of [
      null,
      Buffer.alloc(0),
      Buffer.from([0x4b, 0x57]),
      Buffer.from('{"memberId":"me"}'),
      later,
      Buffer.concat([text({}).subarray(0, 3), Buffer.from('{"memberId":')]),
      text(null),
      text([]),
      text({ memberId: 'me' }),
      text({ memberId: 'me', since: 'x', owned: { a: [0] } }),
      text({ memberId: 'me', since: 1, owned: { a: [-1] } }),
      text({ memberId: 'me', since: 1, owned: { a: ['0'] } }),
      text({ memberId: 'me', since: 1, owned: { a: 0 } }),
      text({ memberId: 'me', since: 1, owned: [[0]] }),
    ]) {
      expect(decodeClaims(bytes, 'me')).toEqual({});
    }
  });

  it('never throws on bytes of others', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const { owned = [] } = decodeClaims(Buffer.from(bytes), 'me');
        expect(owned).toEqual([]);
        withheldIn(Buffer.from(bytes));
      }),
    );
  });

  it('knows an assignment of a leader that keeps nothing back from one that never does', () => {
    const { MemberAssignment } = kafkajs.AssignerProtocol;
    const written = (userData: Buffer): Buffer =>
      MemberAssignment.encode({ version: 0, assignment: { a: [0] }, userData });
    expect(withheldIn(written(seal({ withheld: {} })))).toEqual([]);
    expect(withheldIn(written(seal({ withheld: { a: [3] } })))).toEqual([{ topic: 'a', partition: 3 }]);
    expect(withheldIn(written(Buffer.alloc(0)))).toBeUndefined();
    expect(withheldIn(Buffer.alloc(0))).toBeUndefined();
  });
});
