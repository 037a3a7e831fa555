using System;

namespace LoginService.Tests;

public static class LoginHandlerTests
{
    public static void Register(TestRunner tests)
    {
        var users = new UserStore();
        users.Add("ada", "correct horse battery");
        var handler = new LoginHandler(users);

        tests.Add("valid credentials are accepted", () =>
            Answers(handler, new LoginRequest("ada", "correct horse battery"), 200, "Welcome."));

        tests.Add("a wrong password is refused", () =>
            Answers(handler, new LoginRequest("ada", "incorrect horse"), 401, "Username or password is wrong."));

        tests.Add("an unknown user is refused with the same words", () =>
            Answers(handler, new LoginRequest("eve", "correct horse battery"), 401, "Username or password is wrong."));

        tests.Add("a missing username is named", () =>
            Answers(handler, new LoginRequest(null, "correct horse battery"), 400, "Username is required."));

        tests.Add("a blank username is a missing one", () =>
            Answers(handler, new LoginRequest("   ", "correct horse battery"), 400, "Username is required."));

        tests.Add("a missing password is named", () =>
            Answers(handler, new LoginRequest("ada", null), 400, "Password is required."));

        tests.Add("a username has a limit", () =>
            Answers(handler, new LoginRequest(new string('a', 65), "correct horse battery"), 400, "Username must be at most 64 characters."));

        tests.Add("a short password is refused before it is hashed", () =>
            Answers(handler, new LoginRequest("ada", "short"), 400, "Password must be at least 8 characters long."));

        tests.Add("a username with a line break cannot forge log lines", () =>
            Answers(handler, new LoginRequest("ada\nroot", "correct horse battery"), 400, "Username contains characters that are not allowed."));
    }

    private static void Answers(LoginHandler handler, LoginRequest request, int status, string message)
    {
        var actual = handler.Handle(request);

        if (actual != new LoginResponse(status, message))
        {
            throw new InvalidOperationException($"expected {status} \"{message}\", got {actual.Status} \"{actual.Message}\"");
        }
    }
}
