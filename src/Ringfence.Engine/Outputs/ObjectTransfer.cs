using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>Brings a commit into another repository: one git packs, one takes. No ref is touched, so that breaking it off at any moment shows nothing.</summary>
internal static class ObjectTransfer
{
    // As many as git's own fetch leaves as single files. More of them would make every later look at the repository slower, as would a pack for each run.
    private const int MostSingly = 100;

    /// <param name="above">The commit below it, of which nothing is sent: the repository must have it.</param>
    /// <param name="files">About how many there are.</param>
    /// <returns>What went wrong; null when all of it is there.</returns>
    public static async Task<Failure?> SendAsync(Git from, Git to, string commit, string above, int files, CancellationToken cancellationToken)
    {
        // Neither outlives this, also when it is cancelled.
        var looking = to.RunAsync(["cat-file", "-e", $"{above}^{{commit}}"], cancellationToken);
        var moving = MoveAsync(from, to, commit, above, files, cancellationToken);
        await Task.WhenAll(looking, moving);

        return await moving
            ?? (!(await looking).Succeeded(out var found, out var why) ? why[0]
                : found.IsSuccess ? null
                : new Failure(
                    "base_gone", $"The commit that the run began with, {above}, is not in the repository any more.",
                    "`ringfence diff RUN` shows the change, `ringfence apply RUN` takes it into a working tree."));
    }

    private static async Task<Failure?> MoveAsync(Git from, Git to, string commit, string above, int files, CancellationToken cancellationToken)
    {
        if (!from.Start(["pack-objects", "--revs", "--stdout", "-q", "--delta-base-offset"]).Succeeded(out var packing, out var why))
        {
            return why[0];
        }

        await using (packing)
        {
            if (!to.Start(files < MostSingly ? ["unpack-objects", "-q"] : ["index-pack", "--stdin"]).Succeeded(out var taking, out why))
            {
                return why[0];
            }

            await using (taking)
            {
                try
                {
                    await packing.Input.WriteAsync(Encoding.ASCII.GetBytes($"{commit}\n^{above}\n"), cancellationToken);
                    packing.Input.Close();
                    await packing.Output.CopyToAsync(taking.Input, cancellationToken);
                }
                catch (IOException)
                {
                    // One of them gave up first, and says why.
                }

                if (await taking.WaitAsync(cancellationToken) is not { Code: not 0 } refused)
                {
                    return null;
                }

                // A packer whose reader has gone may wait for one; disposing ends it.
                var packed = packing.HasEnded ? await packing.WaitAsync(cancellationToken) : null;
                return GitFailures.From("publish_failed", $"Publishing {commit}", packed is { Code: not 0, Error.Length: > 0 } ? packed.Error : refused.Error);
            }
        }
    }
}
