namespace LoginService;

/// <summary>Answers a sign-in request.</summary>
public sealed class LoginHandler
{
    private readonly UserStore users;

    public LoginHandler(UserStore users) => this.users = users;

    public LoginResponse Handle(LoginRequest request)
    {
        return users.Knows(request.Username!, request.Password!)
            ? new LoginResponse(200, "Welcome.")
            : new LoginResponse(401, "Username or password is wrong.");
    }
}
